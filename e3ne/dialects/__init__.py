"""The dialects of e3ne: snn, dataflow, rtl."""
