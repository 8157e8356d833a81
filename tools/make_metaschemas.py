"""Writes decodex/constraints/metaschemas.json: the metaschemas of JSON Schema, by URI.

Source: the package `jsonschema-specifications`, which carries them as json-schema.org publishes them (they may be used
under the BSD 3-clause or the Academic Free License). Run it when a draft is added:
    python tools/make_metaschemas.py > decodex/constraints/metaschemas.json
"""

import json
import sys

from jsonschema_specifications import REGISTRY

OLDEST = ("http://json-schema.org/draft-03/schema",)  # not supported

if __name__ == "__main__":
    schemas = {uri: REGISTRY.contents(uri) for uri in sorted(REGISTRY) if uri not in OLDEST}
    sys.stdout.write(
        "{\n" + ",\n".join(f"{json.dumps(uri)}: {json.dumps(schema)}" for uri, schema in schemas.items()) + "\n}\n"
    )
