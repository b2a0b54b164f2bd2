"""Spiking networks of the SNN libraries: what each of their neurons does in a step, brought to one form."""
