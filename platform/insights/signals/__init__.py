"""Signs of churn: what customers who left had in common before they went, against those who stayed.

`population` says who left and who stayed, and as of which day each is looked at; `signs` what is looked for; `lift` how
much it says; `rounds` works it out every night and keeps it; `pages` shows it, and makes a segment of a sign.
"""
