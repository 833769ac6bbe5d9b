//! Calls any AWS service, driven by a catalogue made from the service models.
