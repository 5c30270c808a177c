"""The dashboard: widget, payload, details, server and static files."""
