//! Expressions that mean no good: each ends in its error, in little time and memory.
//!
//! A file of its own with one test alone: what is measured is the memory of the whole process.

#![expect(
    clippy::disallowed_methods,
    reason = "the clock, threads and the process's memory are what is measured with"
)]

use jsonata::{EvaluationError, Scope, evaluate_with_root};
use serde_json::{Value, json};
use std::sync::mpsc;
use std::time::Duration;

/// What each may add to the process's memory at its peak. One text of the size that `$join` may make has 64.
const MEGABYTES_MAX: u64 = 400;
/// How long each may take on a machine that has much else to do; most take some milliseconds.
const DEADLINE: Duration = Duration::from_secs(120);
/// The evaluator's own time-out, which is 10 seconds elsewhere.
const CLOCK_MILLIS: u64 = 100_000;

/// Values that are small and endless to walk through, or large.
const TREE: &str = "$reduce([1..60], function($a, $i) { {'l': $a, 'r': $a} }, 1)";
const TEXT: &str = "$pad('', 4e6, 'x')";
const WIDE: &str = "$merge($map([1..9000], function($i) { {$string($i): $i} }))";

/// `@tree`, `@text` and `@wide` stand for the values above.
const TOO_LARGE: &[&str] = &[
    // One call.
    "$pad('', 2e9)",
    "[1..10000000]",
    "$range(1, 10000000, 1)",
    "$append([1..500000], [1..500000])",
    "$replace(@text, 'x', @text)",
    "$join([1..100000].('x'), @text)",
    "$match(@text, /x/)",
    "$split(@text, '')",
    "$split(@text, 'x')",
    "$string(@tree)",
    "$string(@tree, true)",
    "$string($reduce([1..9000], function($a, $i) { {'a': $a} }, 1), true)",
    "$base64encode($join([@text, @text]))",
    "$zip([1..500000], [1..500000])",
    "($o := @wide; $spread($map([1..9000], function() { $o })))",
    "($o := @wide; $keys($map([1..9000], function() { $o })))",
    "($o := @wide; $merge($map([1..9000], function() { $o })))",
    "$distinct([@tree, @tree])",
    "($t := @text; $sort($map([1..1000], function() { $t })))",
    "($t := @text; [1..1000].{'v': $t}^(v))",
    "($x := @tree; $x = $x)",
    "($x := @tree; $x.**)",
    "$fromMillis(0, '[Y,2000000000-2000000000]')",
    "$formatNumber(1, @text)",
    "$formatInteger(1, @text)",
    // A function that is passed on, applied in part, or put behind `~>`.
    "($p := $pad; $p('', 2e9))",
    "($p := $pad(?, 2e9); $p('x'))",
    "$map([2e9], function($w) { $pad('', $w) })",
    "('' ~> $pad(2e9))",
    "($p := $uppercase ~> $pad(?, 2e9); $p('x'))",
    "($j := $join; $reduce([1..60], function($a, $i) { $j([1..1000].('x'), $a) }, 'x'))",
    "($j := $join(?, ?); $reduce([1..60], function($a, $i) { $j([1..1000].('x'), $a) }, 'x'))",
    "$reduce([1..60], function($a, $i) { [1..1000].('x') ~> $join($a) }, 'x')",
    "($s := $string; $s(@tree))",
    "($s := $string(?); $s(@tree))",
    "(@tree ~> $string)",
    "(@tree ~> $string())",
    "$map([@tree], $string)",
    "[@tree].$string()",
    "($f := [$string]; $f[0](@tree))",
    "($f := {'s': $string}; $f.s(@tree))",
    "(function($f) { $f(@tree) })($string)",
    "($r := $replace; $r(@text, 'x', @text))",
    "($r := $replace(?, 'x', @text); $r(@text))",
    "(@text ~> $replace('x', @text))",
    "$map([@text], function($t) { $replace($t, 'x', $t) })",
    "($m := $match; $m(@text, /x/))",
    "(@text ~> $match(/x/))",
    "($s := $split; $s(@text, 'x'))",
    "(@text ~> $split('x'))",
    "($z := $zip; $z([1..500000], [1..500000]))",
    "($o := @wide; $map([1..9000], function() { $o }) ~> $spread)",
    "($b := $base64encode; $b($join([@text, @text])))",
    "($s := $sort; $t := @text; $s($map([1..1000], function() { $t })))",
    // A name that is bound somewhere, and the function of the library where it is not.
    "($string := $string(@tree); $string)",
    "($replace := $replace(@text, 'x', @text); 1)",
    "(($join := 1); $reduce([1..60], function($a, $i) { $join([1..1000].('x'), $a) }, 'x'))",
    "($t := @text; $replace($t, /x/, function($m) { $t }))",
    "($t := @text; $f := function($m) { $t }; $replace($t, /x/, $f))",
    "($t := @text; $replace($t, /x/, [function($m) { $t }][0]))",
    "($t := @text; $f := function($m) { $t }; $r := $replace; $r($t, /x/, $f))",
    // A text in an argument of another call.
    "$replace(@text, 'x', $replace('a', 'a', @text))",
    // Loops that keep what they make.
    "$map([1..500000], function($i) { $join([$states.input.text, $states.input.text]) })",
    "$map([1..500000], function($i) { $uppercase($states.input.text) })",
    "$map([1..500000], function($i) { $states.input.text & $i })",
    "[1..500000].($states.input.text ~> $uppercase)",
    "[1..500000].($states.input.text & $)",
    "[1..500000].$lowercase($states.input.text)",
    "$reduce([1..500000], function($a, $i) { {'a': $a, 'b': $states.input.text & $i} }, 1)",
    // Values that grow in a loop.
    "$reduce([1..60], function($a, $i) { $a & $a }, 'x')",
    "$reduce([1..60], function($a, $i) { [$a, $a] }, [1])",
    "$reduce([1..60], function($a, $i) { $append($a, $a) }, [1])",
    "$reduce([1..60], function($a, $i) { $encodeUrl($a & $a) }, ' ')",
];

/// What ends otherwise.
const OTHERS: &[(&str, &str)] = &[
    ("($f := function($n) { 1 + $f($n + 1) }; $f(1))", "D1011"),
    ("($f := function($n) { [$f($n + 1)] }; $f(1))", "D1011"),
    ("($f := function($n) { $f($n + 1) }; $f(1))", "D1012"),
    ("$reduce([1..500], function($a, $i) { {'a': $a} }, 1)", "D1011"),
    ("$contains('a', /a{1000}{1000}{1000}/)", ""),
    ("$formatInteger(1e17, 'I')", ""),
    ("$formatInteger(1/0, 'w')", "D1001"),
    ("$power(10, 400)", "D3061"),
    ("$parseInteger(@text, 'w')", "D3136"),
];

struct Given(Value);

impl Scope for Given {
    fn states_field(&self, name: &str) -> Option<&Value> {
        (name == "input").then_some(&self.0)
    }

    fn variable(&self, _name: &str) -> Option<&Value> {
        None
    }

    fn random(&self) -> u64 {
        7
    }

    fn now_millis(&self) -> i64 {
        1_700_000_000_123 // 2023-11-14T22:13:20.123Z
    }
}

fn evaluate(text: &str) -> Result<Option<Value>, EvaluationError> {
    let scope = Given(json!({ "text": "a".repeat(200_000) }));
    let text = text
        .replace("@tree", TREE)
        .replace("@text", TEXT)
        .replace("@wide", WIDE);
    // The clock is the last net. On a busy machine it would come before the others.
    let millis = (!text.contains("$f($n + 1) }; $f(1)")).then_some(CLOCK_MILLIS);
    evaluate_with_root(&text, None, &scope, None, millis)
}

/// Evaluates in a thread of its own, which is left behind when it does not end.
fn evaluate_in_time(text: &str) -> Result<Option<Value>, EvaluationError> {
    let (sender, receiver) = mpsc::channel();
    let owned = text.to_owned();
    std::thread::spawn(move || sender.send(evaluate(&owned)));
    receiver
        .recv_timeout(DEADLINE)
        .unwrap_or_else(|_| panic!("`{text}` does not end"))
}

/// Returns a number of megabytes from the process's status; `None` where there is no such thing.
fn megabytes(of: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(of))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024)
}

/// Evaluates, and says what it ended in and by how much the memory grew meanwhile.
fn end_of(text: &str) -> (String, u64) {
    // The peak is counted from here on.
    let counts = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = megabytes("VmRSS:").unwrap_or(0);
    let code = match evaluate_in_time(text) {
        Ok(value) => format!("a value: {:.60}", value.unwrap_or_default().to_string()),
        Err(error) => error.code,
    };
    let peak = megabytes("VmHWM:").filter(|_| counts).unwrap_or(before);
    (code, peak.saturating_sub(before))
}

#[test]
fn hostile_expressions_end_in_their_errors() {
    let too_large = TOO_LARGE.iter().map(|text| (*text, "D2015"));
    let mut wrong = Vec::new();
    for (text, wanted) in too_large.chain(OTHERS.iter().copied()) {
        let (code, megabytes) = end_of(text);
        if code != wanted || megabytes > MEGABYTES_MAX {
            wrong.push(format!(
                "`{text}`: `{code}` instead of `{wanted}`, {megabytes} MB"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
