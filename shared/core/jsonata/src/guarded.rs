//! The functions of the library whose results may grow, or that take long, and what is done about each.

/// A function of the library.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) name: &'static str,
    /// How many arguments it takes: a function such as `$map` offers more.
    pub(crate) parameters: usize,
    /// With how many arguments the context value goes before them.
    pub(crate) context_for: Option<usize>,
    pub(crate) guard: Guard,
}

/// What is done about a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Its first argument is weighed.
    Weighed,
    /// A function of ours looks at its arguments before.
    Own,
    /// Its results are no larger than its arguments: they count alone.
    Counted,
    /// It calls functions of the expression, which none of ours can.
    CallsBack,
}

const fn row(name: &'static str, parameters: usize, context_for: Option<usize>, guard: Guard) -> Guarded {
    Guarded {
        name,
        parameters,
        context_for,
        guard,
    }
}

/// All of them; sorted by name.
pub(crate) const GUARDED: [Guarded; 24] = [
    row("append", 2, None, Guard::Counted),
    row("base64decode", 1, Some(0), Guard::Counted),
    row("base64encode", 1, Some(0), Guard::Weighed),
    row("decodeUrl", 1, Some(0), Guard::Counted),
    row("decodeUrlComponent", 1, Some(0), Guard::Counted),
    row("distinct", 1, None, Guard::Own),
    row("fromMillis", 3, Some(0), Guard::Own),
    row("join", 2, None, Guard::Own),
    row("keys", 1, Some(0), Guard::Own),
    row("lowercase", 1, Some(0), Guard::Counted),
    row("match", 3, Some(1), Guard::CallsBack),
    row("merge", 1, None, Guard::Own),
    row("replace", 4, None, Guard::CallsBack),
    row("reverse", 1, None, Guard::Counted),
    row("sort", 2, None, Guard::CallsBack),
    row("split", 3, Some(1), Guard::Own),
    row("spread", 1, Some(0), Guard::Own),
    row("string", 2, Some(0), Guard::Weighed),
    row("substring", 3, None, Guard::Counted),
    row("substringAfter", 2, None, Guard::Counted),
    row("substringBefore", 2, None, Guard::Counted),
    row("trim", 1, Some(0), Guard::Counted),
    row("uppercase", 1, Some(0), Guard::Counted),
    row("zip", usize::MAX, None, Guard::Own),
];

/// Finds a function by its name, without `$`.
pub(crate) fn guarded(name: &str) -> Option<&'static Guarded> {
    let index = GUARDED.binary_search_by(|row| row.name.cmp(name)).ok()?;
    GUARDED.get(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted() {
        assert!(GUARDED.is_sorted_by_key(|row| row.name));
    }
}
