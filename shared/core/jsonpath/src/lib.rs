//! JSONPath as Step Functions runs it: paths, reference paths and the States.* intrinsic functions.
