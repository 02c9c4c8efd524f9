"""The folder spider on ImageNet trees and on tar files."""

import asyncio
import io
import tarfile

import pytest
from scrapy.http import Response
from scrapy.utils.test import get_crawler

import carsets.settings
from carsets.crawl_state import CrawlState
from carsets.items import CarImage
from carsets.pipelines.images import CarImagesPipeline
from carsets.problems import UserError
from carsets.spiders.folder import FolderSpider

SETTINGS = {name: value for name, value in vars(carsets.settings).items() if name.isupper()}
SETTINGS |= {"EXTENSIONS": {}, "ADDONS": {}}


@pytest.fixture
def found(tmp_path):
    """Return what finds all images of a folder, as a crawl would."""
    spiders = []

    def find(**arguments):
        crawler = get_crawler(FolderSpider, {**SETTINGS, "DATA_DIR": str(tmp_path / "data")})
        spider = crawler.spidercls.from_crawler(crawler, **arguments)
        spiders.append(spider)

        async def run():
            images = []
            requests = [request async for request in spider.start()]
            while requests:
                request = requests.pop()
                async for result in request.callback(Response(request.url), **request.cb_kwargs):
                    (images if isinstance(result, CarImage) else requests).append(result)
            return images

        return asyncio.run(run())

    yield find
    for spider in spiders:
        spider.state_of_crawl.catalog.close()


def inside(image):
    """Return where in the tree an image lies."""
    return image.found.image_url.partition("/imagenet/")[2]


@pytest.fixture
def tree(tmp_path):
    """Return an ImageNet tree: synsets as folders and as tar files."""
    root = tmp_path / "imagenet"
    for synset in ("n02701002", "n01440764"):
        (root / synset).mkdir(parents=True)
        (root / synset / f"{synset}_1.JPEG").write_bytes(f"{synset} 1".encode())
    for synset in ("n04285008", "n02084071"):
        with tarfile.open(root / f"{synset}.tar", "w") as tar:
            for name in (f"{synset}_5.JPEG", "../../outside.JPEG", "link"):
                info = tarfile.TarInfo(name)
                if name == "link":
                    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
                    tar.addfile(info)
                    continue
                content = f"{synset} {name}".encode()
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return root


def test_an_imagenet_tree_gives_its_vehicles_with_labels(found, tree):
    images = found(path=str(tree), labels="synset")
    assert [(inside(image), image.query.labels["label"]) for image in images] == [
        ("n02701002/n02701002_1.JPEG", "ambulance"),
        ("n04285008.tar/n04285008_5.JPEG", "sports car"),
        ("n04285008.tar/outside.JPEG", "sports car"),
    ]


def test_classes_choose_synsets_and_make_another_list(found, tree):
    cars = found(path=str(tree), labels="synset", classes="n04285008")
    tench = found(path=str(tree), labels="synset", classes="n01440764,n02084071")
    assert {image.query.labels["label"] for image in cars} == {"sports car"}
    assert len(tench) == 3
    assert cars[0].query.query_id != tench[0].query.query_id
    with pytest.raises(UserError, match="labels=synset"):
        found(path=str(tree), classes="car")
    with pytest.raises(UserError, match="'spaceship'"):
        found(path=str(tree), labels="synset", classes="spaceship")


def test_members_of_tar_files_are_read_where_they_lie(found, tree):
    images = found(path=str(tree))
    crawler = get_crawler(FolderSpider, {**SETTINGS, "DATA_DIR": str(tree.parent / "other")})
    step = CarImagesPipeline.from_crawler(crawler)

    async def read():
        for image in images:
            await step._read(image)

    asyncio.run(read())
    bodies = {inside(image): image.body for image in images}
    assert bodies["n02701002/n02701002_1.JPEG"] == b"n02701002 1"
    assert bodies["n04285008.tar/n04285008_5.JPEG"] == b"n04285008 n04285008_5.JPEG"
    assert bodies["n04285008.tar/outside.JPEG"] == b"n04285008 ../../outside.JPEG"
    assert len(bodies) == 6
    CrawlState.of(crawler).catalog.close()


def test_a_member_larger_than_a_download_may_be_is_not_read(found, tree):
    images = found(path=str(tree))
    crawler = get_crawler(
        FolderSpider, {**SETTINGS, "DATA_DIR": str(tree.parent / "d"), "DOWNLOAD_MAXSIZE": 20}
    )
    step = CarImagesPipeline.from_crawler(crawler)
    member = next(image for image in images if image.local_part and image.local_part[1] > 20)
    with pytest.raises(Exception, match="more than 20 bytes") as caught:
        asyncio.run(step._read(member))
    assert caught.value.outcome == "too_large"
    CrawlState.of(crawler).catalog.close()


def test_a_damaged_tar_file_costs_its_rest_and_is_named(found, tree, caplog):
    path = tree / "n04285008.tar"
    path.write_bytes(path.read_bytes()[:1300])
    with caplog.at_level("INFO"):
        images = found(path=str(tree), labels="synset")
    assert len(images) == 2
    assert "n04285008.tar" in caplog.text
