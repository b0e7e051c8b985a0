"""Responses of a corpus read through `straightwire.client`, and held against what `http.client` made of them."""
