"""The role that gets certificates by ACME (RFC 8555), and answers on port 80."""
