//! The catalogue has what `integrations` names, and is what its generator writes.

use std::path::Path;
use std::process::Command;

#[test]
fn every_action_of_an_integration_can_be_called() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let services = folder.join("../../core/integrations/src/services/sdk/services.txt");
    let mut count = 0;
    for line in std::fs::read_to_string(services).unwrap().lines() {
        let fields: Vec<&str> = line.split('|').collect();
        // Services that AWS has closed have no model, and no operations.
        for operation in fields[2].split(',').filter(|operation| !operation.is_empty()) {
            let operation = operation.trim_end_matches('*');
            assert!(calls::knows(fields[0], operation), "{}:{operation}", fields[0]);
            count += 1;
        }
    }
    assert!(count > 19_000, "{count}");
}

#[test]
fn names_are_checked_before_a_call() {
    assert_eq!(calls::check("s3", "getObject", ["Bucket", "Key"]), Ok(()));
    assert_eq!(
        calls::check(
            "rds",
            "DescribeDBClusters",
            ["DbClusterIdentifier", "DBClusterIdentifier"]
        ),
        Ok(())
    );
    let error = calls::check("sqs", "sendMessage", ["QueueUrl", "Bodi"]).unwrap_err();
    assert!(
        error.starts_with("`SendMessage` has no member `Bodi`, only `QueueUrl`"),
        "{error}"
    );
}

#[test]
fn the_catalogue_is_as_its_generator_writes_it() {
    let Some(python) = std::env::var_os("BOTOCORE_PYTHON") else {
        println!("skipped: `BOTOCORE_PYTHON` names no Python that has botocore and zstandard");
        return;
    };
    let generator = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue/generate.py");
    let done = Command::new(python)
        .arg(generator)
        .arg("--check")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_wire_is_as_botocore_has_it() {
    let Some(python) = std::env::var_os("BOTOCORE_PYTHON") else {
        println!("skipped: `BOTOCORE_PYTHON` names no Python that has botocore");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls/compare.py");
    let done = Command::new(python).arg(script).arg("--check").output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}");
    assert!(
        done.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
}
