using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Skein.Core;

namespace Skein.Agent.Compaction;

/// <summary>About how many tokens something takes, where nobody has counted them.</summary>
internal static class TokenEstimate
{
    // Four bytes of English or of code are about a token, and so is one character of most other scripts, which has two to four bytes.
    private const int BytesPerToken = 4;

    // What marks a message or a part off from its neighbours.
    private const int Frame = 4;

    // Providers scale pictures down to about so much.
    private const int Picture = 1_600;

    public static long Of(string? text) => text is null ? 0 : (Encoding.UTF8.GetByteCount(text) + BytesPerToken - 1) / BytesPerToken;

    /// <summary>As it is sent: with the beginnings alone of outputs that were pruned.</summary>
    public static long Of(Message message) => Frame + Pruning.Sent(message).Sum(Of);

    public static long Of(IEnumerable<Message> messages) => messages.Sum(Of);

    /// <summary>What is sent beside the conversation.</summary>
    public static long Of(ChatOptions options) =>
        Of(options.Instructions) + (options.Tools ?? []).OfType<AIFunctionDeclaration>().Sum(t => Frame + Of(t.Name) + Of(t.Description) + Of(t.JsonSchema.GetRawText()));

    /// <summary>What tools answered, which is not counted yet when a model's own words are.</summary>
    public static long OfAnswers(IEnumerable<Part> parts) => parts.Where(static p => p is ToolResultPart or FilePart).Sum(Of);

    private static long Of(Part part) => Frame + part switch
    {
        TextPart said => Of(said.Text),
        ReasoningPart thought => Of(thought.Text),
        ToolCallPart call => Of(call.Tool) + (call.Arguments.ValueKind == JsonValueKind.Undefined ? 0 : Of(call.Arguments.GetRawText())),
        ToolResultPart result => Of(result.Output),
        FilePart { Content: { } content } file when file.MediaType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) => content.Size / BytesPerToken,
        FilePart => Picture,
        SummaryPart summary => Of(summary.Text),
        _ => 0,
    };
}
