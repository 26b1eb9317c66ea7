//! A new migration file must rebuild the crate that embeds it; cargo does not look into that folder by itself.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
