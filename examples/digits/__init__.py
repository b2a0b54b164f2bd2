"""Spiking networks for the digits of this repository, trained in two libraries; a model of `e3ne compile` each."""
