use super::trusting;

/// A certificate that signs itself; its key is lost.
const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUKvvl5pWgQp9lVXto7pG6i9vBn1YwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNc3RlcHdlbGwtdGVzdDAgFw0yNjExMjkwNTMwMDlaGA8yMTI2
MTEwNTA1MzAwOVowGDEWMBQGA1UEAwwNc3RlcHdlbGwtdGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABDOg1lvQqGdwsP9SoMGZdSzzVZgRpTUkL8SFMPs/j3YB
Ae3BuajP9HG5R1FhXJ2skP3Z+VyTLyaUCj+Ov2xVH0ejUzBRMB0GA1UdDgQWBBSp
nOPoRLutH0xKHWVmbc4ABwLiGTAfBgNVHSMEGDAWgBSpnOPoRLutH0xKHWVmbc4A
BwLiGTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIBR2TGjbTg+q
Mq4ulCLP8kZSRQgKrH225aluvCicAl0CAiEA6gdQmEjFxCBhksRe3DZ5chEoJTgj
Bvk4xSJDmzS5V9Q=
-----END CERTIFICATE-----
";

#[test]
fn certificates_are_looked_at_before_they_are_trusted() {
    assert!(trusting(AUTHORITY.as_bytes()).is_ok());
    let none = trusting(b"no certificate").unwrap_err();
    assert!(none.contains("there is no certificate in it"), "{none}");
    let empty = AUTHORITY.lines().next().unwrap().to_owned() + "\nAAAA\n-----END CERTIFICATE-----\n";
    let bad = trusting(empty.as_bytes()).unwrap_err();
    assert!(
        bad.starts_with("the certificate authority cannot be read: "),
        "{bad}"
    );
}
