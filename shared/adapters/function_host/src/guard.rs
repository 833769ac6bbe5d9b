use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A shell that kills the functions' process groups: at our word, and on its own when the host is gone.
///
/// It reads from a pipe whose other end only the host holds, so the operating system tells it of the host's end
/// however that came, `kill -9` included. Signalling a whole group from here would take unsafe code or a library.
#[derive(Debug)]
pub(crate) struct Guard {
    pipe: Option<Mutex<ChildStdin>>,
    shell: Option<Child>,
}

// `kill -s KILL` and not `kill -KILL`: behind the latter, dash takes `--` for a process.
const SCRIPT: &str = r#"
groups=" "
while read -r word group; do
    case "$word" in
        watch) groups="$groups$group " ;;
        kill)
            kill -s KILL -- "-$group"
            groups="${groups%% $group *} ${groups#* $group }"
            ;;
    esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
"#;

impl Guard {
    /// Starts the guard; where there is no shell, functions are still killed one by one when their handle is dropped.
    pub(crate) fn start() -> Guard {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        own_group(&mut command);
        match command.spawn() {
            Ok(mut shell) => Guard {
                pipe: shell.stdin.take().map(Mutex::new),
                shell: Some(shell),
            },
            Err(error) => {
                tracing::warn!(%error, "no guard: functions may outlive this process if it is killed");
                Guard {
                    pipe: None,
                    shell: None,
                }
            }
        }
    }

    /// Has the group killed when the host ends.
    pub(crate) fn watch(&self, group: u32) {
        self.say("watch", group);
    }

    /// Has what is left of the group killed now.
    pub(crate) fn kill(&self, group: u32) {
        self.say("kill", group);
    }

    fn say(&self, word: &str, group: u32) {
        let Some(pipe) = &self.pipe else { return };
        let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = pipe.write_all(format!("{word} {group}\n").as_bytes()) {
            tracing::warn!(%error, "the guard of the function processes is gone");
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.pipe = None;
        if let Some(mut shell) = self.shell.take() {
            // It ends as soon as its pipe is closed; waiting leaves no zombie.
            _ = shell.wait();
        }
    }
}

/// Puts a process into a group of its own: an interrupt at the terminal is for the host, which ends the functions.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        let mut command = Command::new("sleep");
        command.arg("30").stdout(Stdio::null()).stderr(Stdio::null());
        own_group(&mut command);
        command.spawn().unwrap()
    }

    fn end_of(mut sleeper: Child) -> Option<i32> {
        std::os::unix::process::ExitStatusExt::signal(&sleeper.wait().unwrap())
    }

    #[test]
    fn groups_are_killed_when_the_host_is_gone() {
        let (first, second, third) = (sleeper(), sleeper(), sleeper());
        let guard = Guard::start();
        for sleeper in [&first, &second, &third] {
            guard.watch(sleeper.id());
        }
        guard.kill(second.id());
        assert_eq!(end_of(second), Some(9));
        drop(guard);
        assert_eq!((end_of(first), end_of(third)), (Some(9), Some(9)));
    }
}
