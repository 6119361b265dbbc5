"""The demo company: files beside this one, fed through the rooms' public verbs and nothing else."""
