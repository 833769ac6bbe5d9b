use std::borrow::Cow;

use serde_json::{Value, json};

use super::{Path, PathError, Root};
use crate::fixture::Fixture;

fn store() -> Value {
    json!({
        "dash-key": 1, "@type": "T", "1": "one", "null": null, "it's": "quoted", "a b": "blank", "text": "abc",
        "list": [10, 20, 30, 40],
        "books": [
            {"id": 1, "title": "Iris", "price": 8, "tags": ["x", "y"]},
            {"id": 2, "title": "Ruby", "price": 22.5, "tags": [], "isbn": null},
            {"id": "3", "title": "iris II", "price": 9}
        ],
        "limit": 9,
        "nested": {"price": 5, "deep": {"price": 6}}
    })
}

fn select(text: &str) -> Result<Value, PathError> {
    let scope = Fixture::new(store());
    Path::parse(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .select(&scope)
        .map(Cow::into_owned)
}

fn titles(filter: &str) -> Vec<String> {
    let found = select(&format!("$.books[?({filter})].title")).unwrap();
    serde_json::from_value(found).unwrap()
}

#[test]
fn definite_paths_give_the_value() {
    let cases = [
        ("$.dash-key", json!(1)),
        ("$.@type", json!("T")),
        ("$.1", json!("one")),
        ("$.null", json!(null)),
        ("$['a b']", json!("blank")),
        ("$.['a b']", json!("blank")),
        ("$['it\\'s']", json!("quoted")),
        ("$[\"dash-key\"]", json!(1)),
        ("$.books[0].title", json!("Iris")),
        ("$.books[-1]['title']", json!("iris II")),
        ("$.books[(@.length-1)].id", json!("3")),
        ("$.list.length()", json!(4)),
        ("$.nested.length()", json!(2)),
        ("$.nested.keys()", json!(["price", "deep"])),
        ("$.text.length()", json!(null)),
        ("$.books[*].id.length()", json!(3)),
        ("$.nested['price','missing']", json!({"price": 5})),
        ("$$.Execution.Name", json!("run-7")),
        ("$count", json!(3)),
        ("$order.lines[0].sku", json!("a")),
        ("$order['lines'][0]", json!({"sku": "a"})),
    ];
    for (text, expected) in cases {
        assert!(Path::parse(text).unwrap().is_definite(), "{text}");
        assert_eq!(select(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn indefinite_paths_give_a_list() {
    let cases = [
        ("$.list[*]", json!([10, 20, 30, 40])),
        ("$.list.*", json!([10, 20, 30, 40])),
        ("$.list[0,2,9]", json!([10, 30])),
        ("$.list[1:]", json!([20, 30, 40])),
        ("$.list[:2]", json!([10, 20])),
        ("$.list[1:3]", json!([20, 30])),
        ("$.list[-2:]", json!([30, 40])),
        ("$.list[::2]", json!([10, 30])),
        ("$.list[3:1]", json!([])),
        ("$.books[*].isbn", json!([null])),
        ("$..price", json!([8, 22.5, 9, 5, 6])),
        ("$.nested..price", json!([5, 6])),
        ("$.nested..*", json!([5, {"price": 6}, 6])),
        ("$..tags[0]", json!(["x"])),
        ("$..[?(@.price == 6)]", json!([{"price": 6}])),
        (
            "$.books[*]['id','price']",
            json!([{"id": 1, "price": 8}, {"id": 2, "price": 22.5}, {"id": "3", "price": 9}]),
        ),
        ("$.nested['price','deep']['price','x']", json!([{"price": 6}])),
        ("$.missing[*]", json!([])),
        ("$.missing.a[1:5].b", json!([])),
        ("$[*].missing", json!([])),
        ("$.text[*]", json!([])),
        ("$.missing[?(@.a == 1)]", json!([])),
    ];
    for (text, expected) in cases {
        assert!(!Path::parse(text).unwrap().is_definite(), "{text}");
        assert_eq!(select(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn filters_keep_what_fits() {
    let cases: [(&str, &[&str]); 32] = [
        ("@.id == 1", &["Iris"]),
        ("@.id != 1", &["Ruby", "iris II"]),
        ("@.id == 3", &["iris II"]),
        ("@.id === 3", &[]),
        ("@.id == '3'", &["iris II"]),
        ("@.price < 9", &["Iris"]),
        ("@.price <= 9", &["Iris", "iris II"]),
        ("@.price > $.limit", &["Ruby"]),
        ("@.price >= 9.0", &["Ruby", "iris II"]),
        ("@.isbn", &["Ruby"]),
        ("!@.isbn", &["Iris", "iris II"]),
        ("!(@.isbn)", &["Iris", "iris II"]),
        ("@.isbn == null", &["Ruby"]),
        ("@.isbn != null", &["Iris", "iris II"]),
        ("@.title =~ /iris.*/i", &["Iris", "iris II"]),
        ("@.title =~ /iris/i", &["Iris"]),
        ("@.tags =~ /y/", &["Iris"]),
        ("@.title in ['Ruby', \"Iris\"]", &["Iris", "Ruby"]),
        ("@.title nin ['Ruby']", &["Iris", "iris II"]),
        ("@.tags contains 'x'", &["Iris"]),
        ("@.title contains 'uby'", &["Ruby"]),
        ("@.tags size 2", &["Iris"]),
        ("@.tags empty true", &["Ruby"]),
        ("@.tags subsetof ['x','y','z']", &["Iris", "Ruby"]),
        ("@.tags anyof ['y']", &["Iris"]),
        ("@.tags noneof ['y']", &["Ruby"]),
        ("@.tags all ['x','y']", &["Iris"]),
        ("@.tags.length() > 1", &["Iris"]),
        ("@.tags[?(@ == 'y')]", &["Iris"]),
        ("@.id == 1 || @.id == 2 && @.price < 9", &["Iris"]),
        ("(@.id == 1||@.id==2)&&@.price>9", &["Ruby"]),
        ("'Ruby'==@['title']", &["Ruby"]),
    ];
    for (filter, expected) in cases {
        assert_eq!(titles(filter), expected, "{filter}");
    }
}

/// Recorded: `$.users[?(@.status == 0)]` gives a list.
#[test]
fn recorded_filter() {
    let scope = Fixture::new(json!({"users": [{"year": 1997, "status": 0}, {"year": 1998, "status": 1}]}));
    let path = Path::parse("$.users[?(@.status == 0)]").unwrap();
    assert_eq!(
        *path.select(&scope).unwrap(),
        json!([{"year": 1997, "status": 0}])
    );
}

#[test]
fn missing_data_is_named() {
    let cases = [
        ("$.none", "Invalid path '$.none' : No results for path: $['none']"),
        (
            "$.nested.x.y",
            "Invalid path '$.nested.x.y' : Missing property in path $['nested']['x']",
        ),
        (
            "$.list[9]",
            "Invalid path '$.list[9]' : No results for path: $['list'][9]",
        ),
        (
            "$.null[0]",
            "Invalid path '$.null[0]' : The path $['null'] is null",
        ),
        (
            "$.limit[0]",
            "Filter: [0] can only be applied to arrays. Current context is: 9",
        ),
        (
            "$.text.x",
            "Invalid path '$.text.x' : Expected to find an object with property ['x'] in path $['text'] \
             but found 'string'",
        ),
        (
            "$.list.sum()",
            "Invalid path '$.list.sum()' : Aggregation function attempted to calculate value using empty array",
        ),
        (
            "$nobody.x",
            "Invalid path '$nobody.x' : the variable 'nobody' is not defined",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(select(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn compiled_paths_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>(value: T) -> T {
        std::thread::scope(|scope| scope.spawn(|| value.clone()).join().unwrap())
    }
    let path = Path::parse("$.a[?(@.b =~ /x/i)]").unwrap();
    assert_eq!(shared(path.clone()), path);
}

#[test]
fn roots_are_told_apart() {
    let root = |text: &str| Path::parse(text).unwrap().root().clone();
    assert_eq!(root("$.a"), Root::Input);
    assert_eq!(root("$$.a"), Root::Context);
    assert_eq!(root("$größe_2.a"), Root::Variable("größe_2".to_owned()));
    for whole in ["$", "$$", "$x"] {
        assert!(Path::parse(whole).unwrap().is_whole(), "{whole}");
    }
    assert!(!Path::parse("$.a").unwrap().is_whole());
    let scope = Fixture::new(store());
    assert!(matches!(
        Path::parse("$.books").unwrap().select(&scope),
        Ok(Cow::Borrowed(_))
    ));
}

#[test]
fn faults_are_named_with_their_place() {
    let cases = [
        (
            "",
            "a path begins with `$`, got the end of the text (at offset 0)",
        ),
        ("a.b", "a path begins with `$`, got `a` (at offset 0)"),
        (
            "$.",
            "expected a name after `.`, got the end of the text (at offset 2)",
        ),
        (
            "$.a..",
            "expected a name after `.`, got the end of the text (at offset 5)",
        ),
        (
            "$.a b",
            "expected `.`, `[` or the end of the path, got ` ` (at offset 3)",
        ),
        (
            "$.a[",
            "expected a quoted name, an index, `*` or `?(` after `[`, got the end of the text (at offset 4)",
        ),
        ("$.a[0", "expected `]`, got the end of the text (at offset 5)"),
        ("$.a['b", "the quoted text is not closed (at offset 4)"),
        ("$.a[1,]", "expected an index, got `]` (at offset 6)"),
        (
            "$.a[99999999999999999999]",
            "`99999999999999999999` is not an index (at offset 4)",
        ),
        (
            "$.a.foo()",
            "`foo()` is not a path function that can be run here (at offset 4)",
        ),
        ("$.a.length().b", "nothing can follow a function (at offset 13)"),
        (
            "$.a[?(@.b == )]",
            "expected a path or a value in the filter, got `)` (at offset 13)",
        ),
        (
            "$.a[?(@.b like 'x')]",
            "`like` is not an operator of filters (at offset 10)",
        ),
        ("$.a[?(1)]", "a value alone is no condition (at offset 6)"),
        (
            "$.a[?(@.b == $x)]",
            "a filter can read `@` and `$`, not the context object or a variable (at offset 14)",
        ),
        (
            "$.a[(@.size)]",
            "the only script that can stand in brackets is `(@.length-1)`, with any number from 1 (at offset 4)",
        ),
        (
            "$1a",
            "`1a` is no name of a variable: it begins with a digit (at offset 3)",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(Path::parse(text).unwrap_err().to_string(), message, "{text}");
    }
    assert!(
        Path::parse("$.a[?(@.b =~ /(/)]")
            .unwrap_err()
            .message
            .starts_with("the pattern cannot be used")
    );
}

#[test]
fn nesting_and_work_are_bounded() {
    let deep = [
        format!("$.a[?({}@.b{})]", "(".repeat(100_000), ")".repeat(100_000)),
        format!("$.a{}", "[?(@.a".repeat(100_000)),
        format!("$.a[?(@.b in {})]", "[".repeat(100_000)),
        format!("$.a[?(@.b == {})]", "{\"a\":".repeat(100_000)),
    ];
    for text in deep {
        Path::parse(&text).expect_err("too deep");
    }
    let mut chain = json!(1);
    for _ in 0..100 {
        chain = json!({"a": chain});
    }
    let scope = Fixture::new(chain);
    let path = Path::parse("$..*..*..*..*").unwrap();
    let text = path.text().to_owned();
    assert_eq!(path.select(&scope), Err(PathError::TooCostly { path: text }));
}

#[test]
fn no_text_makes_the_parser_panic() {
    let pieces = [
        "$", "$$", ".", "..", "[", "]", "?(", "@", "'", "\"", "\\u", "*", "-", "1", ":", ",", ")", "/", "é",
        "=~",
    ];
    let mut state = 1_usize;
    for _ in 0..20_000 {
        let mut text = "$".to_owned();
        for _ in 0..8 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 33) % pieces.len()]);
        }
        if let Ok(path) = Path::parse(&text) {
            assert_eq!(path.text(), text);
        }
    }
}

#[test]
fn leading_names_end_at_the_first_step_that_is_more_than_a_name() {
    for (text, names) in [
        ("$$.Execution.Id", &["Execution", "Id"][..]),
        ("$['a'].b[0].c", &["a", "b"]),
        ("$.a..b", &["a"]),
        ("$x", &[]),
    ] {
        assert_eq!(Path::parse(text).unwrap().leading_names(), names, "{text}");
    }
}
