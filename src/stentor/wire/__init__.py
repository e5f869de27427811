"""Bytes on the wire: chunks, ADTS, Ogg, MP4, playlists, HTTP; pure (row 1)."""
