use std::process::ExitStatus;

/// Words the end of a runtime process as Lambda does.
pub(crate) fn told(status: ExitStatus) -> String {
    match (status.code(), signal(status)) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, Some(signal)) => format!("Runtime exited with error: signal: {signal}"),
        (None, None) => "Runtime exited with error: unknown status".to_owned(),
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<String> {
    use std::os::unix::process::ExitStatusExt;

    let number = status.signal()?;
    let name = signal_name(number).map_or_else(|| format!("signal {number}"), str::to_owned);
    Some(if status.core_dumped() {
        format!("{name} (core dumped)")
    } else {
        name
    })
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> Option<String> {
    None
}

/// Names the signals that end processes, in the words Lambda uses; their numbers are the same on every Unix.
#[cfg(unix)]
fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => return None,
    })
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn ends_are_worded_as_aws_words_them() {
        let cases = [
            (0, "Runtime exited without providing a reason"),
            (1 << 8, "Runtime exited with error: exit status 1"),
            (9, "Runtime exited with error: signal: killed"),
            (
                6 | 0x80,
                "Runtime exited with error: signal: aborted (core dumped)",
            ),
            (40, "Runtime exited with error: signal: signal 40"),
        ];
        for (raw, expected) in cases {
            assert_eq!(told(ExitStatus::from_raw(raw)), expected);
        }
    }
}
