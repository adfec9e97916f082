using Microsoft.AspNetCore.Http.Metadata;

namespace Skein.Server;

/// <summary>For calls that are handed more than others: how many bytes their body may have; null: any number.</summary>
internal sealed record SizeLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
