//! Writes the first corpus of every target: the packet vectors, what is in `seeds`, and what
//! earlier runs have come to.

#[path = "../../fixtures/read.rs"]
mod read;

use std::error::Error;
use std::fs;
use std::path::Path;

use mqttspec_fuzz::unpacked;

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
    for target in fs::read_dir(fuzz.join("seeds"))? {
        let target = target?;
        let corpus = fuzz.join("corpus").join(target.file_name());
        fs::create_dir_all(&corpus)?;
        for seed in fs::read_dir(target.path())? {
            let seed = seed?;
            fs::copy(seed.path(), corpus.join(seed.file_name()))?;
        }
    }
    for target in fs::read_dir(fuzz.join("corpora"))? {
        let target = target?;
        let corpus = fuzz.join("corpus").join(target.file_name());
        fs::create_dir_all(&corpus)?;
        for (number, input) in unpacked(&fs::read(target.path())?).into_iter().enumerate() {
            fs::write(corpus.join(format!("corpora-{number}")), input)?;
        }
    }
    Ok(())
}
