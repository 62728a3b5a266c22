//! Packs what is in `corpus`, a folder a target, into `corpora`, a file a target. To be run after
//! `cargo fuzz cmin`, which leaves only what covers something.

use std::error::Error;
use std::fs;
use std::path::Path;

use mqttspec_fuzz::packed;

fn main() -> Result<(), Box<dyn Error>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(fuzz.join("corpora"))?;
    for target in fs::read_dir(fuzz.join("corpus"))? {
        let target = target?;
        let mut inputs = Vec::new();
        for input in fs::read_dir(target.path())? {
            inputs.push(fs::read(input?.path())?);
        }
        // The same whatever they are called: short ones first.
        inputs.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        fs::write(fuzz.join("corpora").join(target.file_name()), packed(&inputs))?;
        println!("{}: {} inputs", target.file_name().display(), inputs.len());
    }
    Ok(())
}
