"""What S3 does and MiniStack's S3 does not:

- it refuses lifecycle configurations beyond a status, a storage class or a number of days that is
  none;
- it tells the tags of a version that lies below a delete marker;
- it does not suspend the versioning of a bucket with Object Lock.
"""

from ministack.services import s3

_RULES_MAX = 1000
_ID_LENGTH_MAX = 255
_NEWER_VERSIONS_MAX = 100
_MALFORMED = ("MalformedXML", s3._MALFORMED_XML)

_ministack_error = s3._lifecycle_rules_error
_ministack_tagging = s3._get_object_tagging
_ministack_versioning = s3._put_bucket_versioning


def _rules_error(rules):
    if not 1 <= len(rules) <= _RULES_MAX or any(_is_malformed(rule) for rule in rules):
        return s3._error(*_MALFORMED, 400)
    refused = _ministack_error(rules)
    if refused:
        return refused
    for rule in rules:
        fault = _fault(rule)
        if fault:
            return s3._error(*fault, 400)
    ids = [rule["ID"] for rule in rules if "ID" in rule]
    if len(set(ids)) < len(ids):
        message = "Rule ID must be unique. Found same ID for more than one rule"
        return s3._error("InvalidArgument", message, 400)
    return None


def _is_malformed(rule):
    noncurrent = rule.get("NoncurrentVersionExpiration")
    return (
        ("Expiration" in rule and len(rule["Expiration"]) != 1)
        or (noncurrent is not None and "NoncurrentDays" not in noncurrent)
        or rule.get("Status") not in ("Enabled", "Disabled")
    )


def _fault(rule):
    if len(rule.get("ID", "")) > _ID_LENGTH_MAX:
        return ("InvalidArgument", "ID length should not exceed allowed limit of 255")
    noncurrent = rule.get("NoncurrentVersionExpiration", {})
    if not 1 <= noncurrent.get("NewerNoncurrentVersions", 1) <= _NEWER_VERSIONS_MAX:
        return ("InvalidArgument", "'NewerNoncurrentVersions' must be from 1 to 100")
    uploads = rule.get("AbortIncompleteMultipartUpload")
    if uploads is not None and uploads["DaysAfterInitiation"] <= 0:
        return ("InvalidArgument", "'DaysAfterInitiation' must be a positive integer")
    actions = ("Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
    transitions = ("Transitions", "NoncurrentVersionTransitions")
    if not any(name in rule for name in (*actions, *transitions)):
        return ("InvalidRequest", "At least one action needs to be specified in a rule")
    condition = rule.get("Filter", {})
    by_tags = "Tag" in condition or "Tags" in condition.get("And", {})
    if by_tags and (uploads or "ExpiredObjectDeleteMarker" in rule.get("Expiration", {})):
        return ("InvalidRequest", "Markers and uploads cannot be chosen by tags")
    return None


def _get_object_tagging(bucket, key, query=None):
    version = s3._qp(query or {}, "versionId", "")
    versions = s3._object_versions.get((bucket, key), [])
    hidden = next((one for one in versions if one["version_id"] == version), None)
    marker = hidden is None or hidden.get("is_delete_marker")
    if marker or key in s3._ensure_bucket(bucket)["objects"]:
        return _ministack_tagging(bucket, key, query)
    root = s3.Element("Tagging", xmlns=s3.S3_NS)
    tag_set = s3.SubElement(root, "TagSet")
    kept_under = (bucket, key, None if version == "null" else version)
    for name, value in s3._object_tags.get(kept_under, {}).items():
        tag = s3.SubElement(tag_set, "Tag")
        s3.SubElement(tag, "Key").text = name
        s3.SubElement(tag, "Value").text = value
    headers = {"Content-Type": "application/xml", "x-amz-version-id": version}
    return 200, headers, s3._xml_body(root)


def _put_bucket_versioning(bucket, body):
    if bucket in s3._bucket_object_lock and b">Suspended<" in body:
        message = "An Object Lock configuration is present on this bucket."
        return s3._error("InvalidBucketState", message, 409)
    return _ministack_versioning(bucket, body)


def install():
    """Closes these gaps."""
    s3._lifecycle_rules_error = _rules_error
    s3._get_object_tagging = _get_object_tagging
    s3._put_bucket_versioning = _put_bucket_versioning
