"""Static files under names that change with their content, in imports between modules too."""

from whitenoise.storage import (  # type: ignore[import-untyped] # ships no types
    CompressedManifestStaticFilesStorage,
)


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # ships no types
    """Rewrites `import … from "./other.js"`, so that no browser mixes two versions."""

    support_js_module_import_aggregation = True
