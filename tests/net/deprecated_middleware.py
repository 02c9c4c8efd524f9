class Deprecated:
    def process_request(self, request, spider):
        return None
