"""Lists of image URLs that the user has: plain text, CSV, TSV, JSON lines, COCO, Parquet."""

from carsets.image_lists.reading import FORMS, Form, ImageList
from carsets.image_lists.rows import ListRow

__all__ = ["FORMS", "Form", "ImageList", "ListRow"]
