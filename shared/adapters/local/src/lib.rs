//! The local adapters: journal and registry in an embedded store, mailbox, timers, services and blobs.
