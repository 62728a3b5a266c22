//! Writes the packet vectors as the first corpus of every target.

#[path = "../../fixtures/read.rs"]
mod read;

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = read::vectors(&fuzz.join("../fixtures/packets"))?;
    for target in ["decode", "differential", "judge_reader"] {
        let corpus = fuzz.join("corpus").join(target);
        fs::create_dir_all(&corpus)?;
        for (octets, vector) in &vectors {
            // libFuzzer looks at no more of an input.
            if octets.len() <= 4096 {
                fs::write(corpus.join(vector["id"].as_str().ok_or("no id")?), octets)?;
            }
        }
    }
    Ok(())
}
