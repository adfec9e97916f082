using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Skein.Core;

namespace Skein.Server;

/// <summary>
/// The JSON body of a request. Read here and not by the framework, so that text is made safe and an error names the field, its value and
/// the rule. No body is the same as <c>{}</c>.
/// </summary>
internal sealed record Body<T>(T Value) : IBindableFromHttpContext<Body<T>>, IEndpointParameterMetadataProvider
    where T : class
{
    public static async ValueTask<Body<T>?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var request = context.Request;
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, context.RequestAborted);
        if (buffer.Length > 0 && !request.HasJsonContentType())
            throw new RefusedException(415, "unsupported_media_type", $"The body must be application/json, not '{request.ContentType}'.");

        ReadOnlyMemory<byte> json = buffer.Length == 0 ? "{}"u8.ToArray() : buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        var shape = (JsonTypeInfo<T>)SkeinJson.Relaxed.GetTypeInfo(typeof(T))!;
        try
        {
            return new Body<T>(JsonSerializer.Deserialize(SafeJson.Clean(json).Span, shape) ?? throw new RefusedException(400, "invalid_json", "The body must be a JSON object, not null."));
        }
        catch (JsonException e)
        {
            throw new RefusedException(400, "invalid_json", BodyError.Describe(e, json, shape));
        }
    }

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T)));
}
