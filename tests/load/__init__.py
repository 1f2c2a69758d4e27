"""Load runs as their users start them."""
