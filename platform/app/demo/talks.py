from app.demo.files import Known


async def load(known: Known) -> None: ...
