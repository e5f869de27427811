"""The fediverse (ActivityPub): signatures, what comes in and what goes out, the documents about people. Pure."""
