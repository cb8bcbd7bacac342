"""The catalogues: a folder per language, as gettext lays them out."""
