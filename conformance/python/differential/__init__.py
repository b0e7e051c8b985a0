"""The same calls on `straightwire.client` and on the interpreter's own `http.client`: what they do has to be the same."""
