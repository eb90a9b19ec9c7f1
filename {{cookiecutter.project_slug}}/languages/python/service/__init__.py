"""An HTTP service."""
