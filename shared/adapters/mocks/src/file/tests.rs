use std::time::Duration;

use super::*;
use crate::MockResponse;

fn text(answer: &str) -> String {
    format!(
        r#"{{"StateMachines": {{"M": {{"TestCases": {{"T": {{"S": "R"}}}}}}}}, "MockedResponses": {{"R": {{"0": {{"Return": {answer}}}}}}}}}"#
    )
}

fn answer(file: &MockFile) -> MockResponse {
    file.configuration()
        .unwrap()
        .response("M", "T", "S", 0)
        .unwrap()
        .unwrap()
}

/// Writes a file whose time surely differs from what was there before.
fn write(path: &Path, text: &str, seconds: u64) {
    std::fs::write(path, text).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    std::fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}

#[test]
fn a_changed_file_is_read_again_and_an_unchanged_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mocks.json");
    write(&path, &text("1"), 0);
    let file = MockFile::open(&path).unwrap();
    let first = file.configuration().unwrap();
    assert!(!file.reload_if_changed().unwrap());
    assert!(Arc::ptr_eq(&first, &file.configuration().unwrap()));

    write(&path, &text("2"), 1);
    assert_eq!(
        answer(&file),
        MockResponse::Return(2.into()),
        "same length, other time"
    );
    write(&path, &text("33"), 1);
    assert_eq!(
        answer(&file),
        MockResponse::Return(33.into()),
        "same time, other length"
    );
}

#[test]
fn a_file_changed_for_the_worse_is_an_error_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mocks.json");
    write(&path, &text("1"), 0);
    let file = MockFile::open(&path).unwrap();

    write(&path, "{", 1);
    for _ in 0..2 {
        let error = file.configuration().unwrap_err().to_string();
        assert!(
            error.contains("mocks.json") && error.contains("line 1 column"),
            "{error}"
        );
    }
    write(&path, &text("4"), 2);
    assert_eq!(answer(&file), MockResponse::Return(4.into()));

    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        file.configuration(),
        Err(MockFileError::Unreadable { .. })
    ));
}

#[test]
fn a_missing_file_is_named() {
    let error = MockFile::open("/nowhere/mocks.json").unwrap_err().to_string();
    assert!(
        error.starts_with("cannot read the mock configuration `/nowhere/mocks.json`: "),
        "{error}"
    );
    assert!(matches!(
        MockConfiguration::read("/nowhere/mocks.json"),
        Err(MockFileError::Unreadable { .. })
    ));
}
