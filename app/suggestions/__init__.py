"""Suggestions of what to cook and how to train, from the model or from the planner in the database."""
