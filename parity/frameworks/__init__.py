"""The frameworks: what is installed, how it is asked, and which weights it is given."""
