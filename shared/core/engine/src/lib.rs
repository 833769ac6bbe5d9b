//! The deterministic state machine: apply() turns an execution and a message into history and effects.
