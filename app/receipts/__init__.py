"""Receipts: from an uploaded image to the fields of an expense."""
