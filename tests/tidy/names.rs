//! Names of files and folders.

use super::{entries, none, shown};

/// Words that turn into drawers.
const DRAWERS: [&str; 6] = ["common", "handlers", "helpers", "models", "types", "utils"];

#[test]
fn nothing_is_named_like_a_drawer() {
    let drawers = entries().into_iter().filter(|path| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        DRAWERS.contains(&&*stem)
    });
    none(
        "a name says what is inside",
        &drawers.map(|path| shown(&path)).collect::<Vec<_>>(),
    );
}
