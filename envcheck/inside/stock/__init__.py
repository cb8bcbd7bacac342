"""The parts of the program ``inventory``, one topic each; they are sent as one source."""
