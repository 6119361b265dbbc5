"""The help centre: articles in several languages, their phrasings and audiences, feedback, and what is not answered."""
