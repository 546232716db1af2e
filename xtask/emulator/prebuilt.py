"""Copies templates for functions that are compiled already: `sam build` then packs nothing and compiles nothing.

Arguments: the root template, the folder with the compiled functions, the folder of the zipped functions, and the folder to
copy the templates to under their whole paths, with those nested in them. A function's executable goes into its zip as `bootstrap`, stripped where
the machine has `strip`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from samcli.yamlhelper import yaml_dump, yaml_parse


def pack(executable, folder):
    """The zip of an executable, made anew when the executable is newer."""
    packed = folder / f"{executable.name}.zip"
    if packed.exists() and packed.stat().st_mtime >= executable.stat().st_mtime:
        return packed
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        content, unfinished = executable, Path(scratch, "function.zip")
        if strip := shutil.which("strip"):
            content = Path(scratch, "bootstrap")
            subprocess.run([strip, "-o", content, executable], check=True)
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr, entry.compress_type = 0o755 << 16, zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(unfinished, "w") as archive:
            archive.writestr(entry, content.read_bytes(), compresslevel=1)
        # Two clouds at once pack the same: each replaces the whole file.
        os.replace(unfinished, packed)
    return packed


def copy(template, executables, zips, folder):
    document = yaml_parse(template.read_text())
    for resource in document["Resources"].values():
        properties, metadata = resource.get("Properties", {}), resource.get("Metadata", {})
        if metadata.get("BuildMethod") == "rust-cargolambda":
            properties["CodeUri"] = str(pack(executables / metadata["BuildProperties"]["Binary"], zips))
            resource["Metadata"] = {name: value for name, value in metadata.items() if not name.startswith("Build")}
        for nested in (properties.get("TemplateURL"), properties.get("Location")):
            if isinstance(nested, str) and (template.parent / nested).is_file():
                copy((template.parent / nested).resolve(), executables, zips, folder)
    target = folder / template.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml_dump(document))


def main():
    template, executables, zips, folder = (Path(argument).resolve() for argument in sys.argv[1:])
    zips.mkdir(parents=True, exist_ok=True)
    copy(template, executables, zips, folder)


if __name__ == "__main__":
    main()
