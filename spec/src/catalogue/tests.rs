//! What the catalogue must be for the rest of the project to rely on it.

use super::*;

#[test]
fn the_embedded_files_are_well_formed() {
    Catalogue::read(CLAUSES, SECTIONS).unwrap();
}
