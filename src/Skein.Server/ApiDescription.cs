using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Skein.Core;
using Skein.Core.Protocol;
using Skein.Core.Running;

namespace Skein.Server;

/// <summary>
/// The OpenAPI document. What makes it is put together when somebody asks for the document, in a container of its own: few servers are
/// ever asked, and the machinery costs each of them time and 3 MB at the start.
/// </summary>
internal static class ApiDescription
{
    private const string Name = "v1";

    /// <param name="app">The server's services: what of them the calls take as parameters is no part of a request.</param>
    public static async Task<string> MakeAsync(IServiceProvider app, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(app.GetRequiredService<IHostEnvironment>());
        services.AddSingleton(app.GetRequiredService<EndpointDataSource>());
        services.AddSingleton(app.GetRequiredService<IOptions<JsonOptions>>());
        services.AddRoutingCore();
        services.AddSingleton(app.GetRequiredService<Sessions>());
        services.AddSingleton(app.GetRequiredService<EventStreams>());
        services.AddSingleton(app.GetRequiredService<SelfDescription>());
        services.AddSingleton(app.GetRequiredService<StopRequest>());
        services.AddSingleton(app.GetRequiredService<IHostApplicationLifetime>());
        services.AddOpenApi(Name, static options =>
        {
            options.AddDocumentTransformer(DescribeAsync);
            options.AddOperationTransformer(DescribeAsync);
            options.AddSchemaTransformer(DescribeAsync);
        });

        await using var maker = services.BuildServiceProvider();
        var document = await maker.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync(cancellationToken);
        return await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken);
    }

    private static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo { Title = "Skein", Version = "1", Description = "The session server for coding agents. Prose and examples: docs/protocol.md." };

        // Where the server listens is the reader's to know; a list of addresses would be one more thing to keep right.
        document.Servers = null;
        return Task.CompletedTask;
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.HttpMethod is not "GET")
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = "Idempotency-Key",
                In = ParameterLocation.Header,
                Description = "1 to 200 printable ASCII characters. A request that comes again with its key is carried out once.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }

        foreach (var name in context.Description.ActionDescriptor.EndpointMetadata.OfType<QueryNames>().SelectMany(q => q.Names))
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Query,
                Schema = new OpenApiSchema { Type = name is "limit" or "before" or "after" ? JsonSchemaType.Integer : JsonSchemaType.String },
            });
        }

        (operation.Responses ??= [])["default"] = new OpenApiResponse
        {
            Description = "A problem (RFC 9457) with a stable word in 'code'.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/problem+json"] = new() { Schema = await context.GetOrCreateSchemaAsync(typeof(Problem), null, cancellationToken) },
            },
        };
    }

    // What has a converter of its own looks like anything at all to the serialiser.
    private static async Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        if (type == typeof(DateTimeOffset))
        {
            schema.Type = JsonSchemaType.String;
            schema.Format = "date-time";
        }
        else if (PrefixOf(type) is { } prefix)
        {
            schema.Type = JsonSchemaType.String;
            schema.Pattern = $"^{prefix}[0-7][0-9a-hjkmnp-tv-z]{{{IdText.Length - 1}}}$";
        }
        else if (type == typeof(SessionView))
        {
            var session = await context.GetOrCreateSchemaAsync(typeof(Session), null, cancellationToken);
            schema.Type = JsonSchemaType.Object;
            schema.Properties = session.Properties is null ? [] : new Dictionary<string, IOpenApiSchema>(session.Properties);
            schema.Properties["clients"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "Followers attached to this server." };
            schema.Required = session.Required;
        }
    }

    private static string? PrefixOf(Type type) =>
        type == typeof(SessionId) ? SessionId.Prefix
        : type == typeof(MessageId) ? MessageId.Prefix
        : type == typeof(PartId) ? PartId.Prefix
        : type == typeof(TurnId) ? TurnId.Prefix
        : type == typeof(PermissionId) ? PermissionId.Prefix
        : null;
}
