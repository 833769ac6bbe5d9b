//! A machine that fails: its disk, its folders, and who else uses them.

mod disk;
mod folder;
mod mount;
