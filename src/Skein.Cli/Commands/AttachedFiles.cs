using Skein.Agent.Prompts;
using Skein.Cli.Composition;
using Skein.Client;
using Skein.Core;
using Skein.Core.Protocol;

namespace Skein.Cli.Commands;

/// <summary>Gives prompts the files that they name with @.</summary>
internal sealed class AttachedFiles(SkeinClient client, SkeinHome home, string folder)
{
    private readonly MentionFinder _finder = new(folder, [home.Path, home.Own]);

    /// <param name="typed">What a person typed of the prompt's text: what a pipe brought names nothing.</param>
    /// <param name="tell">Told what could not be attached.</param>
    public async Task<PromptRequest> AddToAsync(PromptRequest prompt, string typed, Action<string> tell, CancellationToken cancellationToken)
    {
        var found = await _finder.FindAsync(typed, cancellationToken);
        foreach (var problem in found.Problems)
            tell(problem);
        if (found.Files.Count == 0)
            return prompt;

        var parts = new List<Part> { new TextPart(prompt.Text!) };
        foreach (var file in found.Files)
        {
            var blob = await client.PutBlobAsync(() => new MemoryStream(file.Content, writable: false), file.MediaType, cancellationToken);
            parts.Add(new FilePart(file.MediaType, file.Name, blob));
        }

        return prompt with { Text = null, Parts = parts };
    }
}
