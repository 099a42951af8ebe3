"""The scenes of the demo: messages in and out, what is stored, what is refused, each claim checked."""
