"""Realtime: broadcast, presence and row changes over websockets."""
