//! JSONata as Step Functions runs it: bindings, limits and AWS's own functions around the language.
