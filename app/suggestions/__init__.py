"""Suggestions of what to cook, from the model or from the planner in the database."""
